/** One HTTP request and its answer, whoever makes it: the built-in client or a caller's own. */
export interface HttpClient {
  /** @throws NetworkError and its relatives; any status is an answer. */
  exchange(request: HttpRequest): Promise<HttpResponse>;
  close(): void;
}

export interface HttpRequest {
  url: URL;
  method: 'GET' | 'POST';
  /** Names in lower case. */
  headers: Record<string, string>;
  body?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** May be sent again when a kept-alive connection turns out to be dead. */
  repeatable: boolean;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** Where the answer came from, when the client followed redirects of its own accord. */
  url: URL;
  /** Has to be read or returned. Throws when the connection ends early. */
  body: AsyncIterableIterator<Uint8Array>;
}
