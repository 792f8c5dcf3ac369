import {
  ConnectTimeoutError,
  FlowgitError,
  NetworkError,
  RemoteError,
  TlsVerificationFailedError,
} from '../../../errors.js';

const certificateCodes = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What a failed connection is called here. `host` is shown, the failing URL's user-info never is. */
export function toNetworkError(error: unknown, host: string): FlowgitError {
  if (error instanceof FlowgitError) return error;
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  if (certificateCodes.has(code) || code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new TlsVerificationFailedError(`The certificate of ${host} cannot be trusted: ${message}.`, {
      hint: 'For a private certificate authority set "trustedCaPemPath".',
      data: { reason: code },
      cause: error,
    });
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return new TlsVerificationFailedError(`No TLS connection to ${host} could be made.`, {
      hint: 'Check the port, and that it speaks https.',
      data: { reason: code },
      cause: error,
    });
  }
  if (code === 'ETIMEDOUT') return connectTimeout(host, error);
  if (code.startsWith('HPE_')) {
    return new RemoteError(`${host} does not answer in HTTP.`, {
      hint: 'Check the port, and whether it speaks http or https.',
      data: { reason: code },
      cause: error,
    });
  }
  return new NetworkError(`${describe(code, host)}.`, { data: { reason: code }, cause: error });
}

export function connectTimeout(host: string, cause?: unknown): ConnectTimeoutError {
  return new ConnectTimeoutError(`${host} did not accept a connection in time.`, {
    hint: 'Check host, port and firewall, or raise "connectTimeout".',
    cause,
  });
}

function describe(code: string, host: string): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host name of ${host} cannot be resolved`;
    case 'ECONNREFUSED':
      return `${host} refuses connections`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `${host} closed the connection early`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${host} cannot be reached`;
    default:
      return `The connection to ${host} failed${code === '' ? '' : ` (${code})`}`;
  }
}
