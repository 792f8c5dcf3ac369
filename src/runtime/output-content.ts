import type { OutputContent } from './context.js';

/** The content of an output file in one piece. */
export function wholeContent(content: OutputContent): string | Uint8Array {
  return typeof content === 'string' || content instanceof Uint8Array ? content : Buffer.concat([...content]);
}
