// Paths, remote messages and file contents are written by others: an escape sequence in them must not drive the
// terminal, nor a bidirectional override reorder what is read.
const control = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Text that a terminal shows as it is: control characters become visible escapes, line breaks and tabs stay. */
export function plainText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(control, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The same on one line. */
export function plainLine(text: string): string {
  return plainText(text).replaceAll('\n', ' ').replaceAll('\t', ' ');
}
