import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificates {
  /** File of the authority that signed both. */
  caPath: string;
  server: { key: Buffer; cert: Buffer };
  /** For a host that is not this one. */
  elsewhere: { key: Buffer; cert: Buffer };
}

/** A certificate authority of the test's own, and what it signs for 127.0.0.1. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=Test CA',
  );
  const sign = async (name: string, subjectAltName: string) => {
    await writeFile(join(directory, `${name}.ext`), `subjectAltName=${subjectAltName}\n`);
    await openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    await openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...authority,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
    );
    return {
      key: await readFile(join(directory, `${name}.key`)),
      cert: await readFile(join(directory, `${name}.pem`)),
    };
  };
  return {
    caPath: join(directory, 'ca.pem'),
    server: await sign('server', 'IP:127.0.0.1'),
    elsewhere: await sign('elsewhere', 'DNS:elsewhere.example'),
  };
}
