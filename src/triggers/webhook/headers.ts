/** Header names in whatever case, as frameworks hand them over. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Headers that sign a sender in. What an execution records must not let its readers call in the sender's name. */
const secrets =
  /^(?:(?:proxy-)?authorization|cookie|.*(?:token|secret|api-?key|password).*|.*signature.*|x-amz-security-.*)$/;

/** What expressions see as `trigger.headers`: lower-case names with lists of values, without those that are secrets. */
export function readHeaders(headers: RequestHeaders): Record<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [written, value] of Object.entries(headers)) {
    const name = written.toLowerCase();
    if (value === undefined || secrets.test(name)) continue;
    found.set(name, [...(found.get(name) ?? []), ...(typeof value === 'string' ? [value] : value)]);
  }
  return Object.fromEntries(found);
}

/** The one value of a header; null when it is absent, and also when it came twice, for then it is nobody's word. */
export function headerOf(headers: RequestHeaders, name: string): string | null {
  const values = Object.entries(headers)
    .filter(([written]) => written.toLowerCase() === name)
    .flatMap(([, value]) => value ?? []);
  return values.length === 1 ? (values[0] ?? null) : null;
}
