/** The two programs of a git server. */
export type GitService = 'git-upload-pack' | 'git-receive-pack';

/** 0 asks for nothing and takes what comes, which is v0 or v1. */
export type ProtocolVersion = 0 | 2;

export interface ServiceOptions {
  /** What is offered in `Git-Protocol` or `GIT_PROTOCOL`; the server may answer in an older one. */
  version: ProtocolVersion;
}

/**
 * How bytes reach a git server. A maker per scheme; everything above is the same code.
 * Streams throw a FlowgitError when they end too early. Whoever stops reading one returns its iterator.
 */
export interface Transport {
  /** The URL without credentials. */
  readonly url: string;
  /** What the service says of itself first: refs and capabilities, or those of protocol v2. No `# service=` line. */
  advertise(service: GitService, options: ServiceOptions): Promise<AsyncIterable<Uint8Array>>;
  /**
   * One stateless request (gitprotocol-http, "Smart Service"). Rejects before the first byte of an answer when the
   * server refuses.
   */
  request(
    service: GitService,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: ServiceOptions,
  ): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}
