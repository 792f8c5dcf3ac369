import type { SavedContent } from '../../schemas/saved-plan.js';
import { decodeUtf8 } from '../resources/text.js';

/** Bytes as a saved plan holds them: as text where that can be turned back into the very same bytes. */
export function saveContent(bytes: Uint8Array): SavedContent {
  const text = decodeUtf8(bytes);
  return text === null || !Buffer.from(text).equals(bytes)
    ? { base64: Buffer.from(bytes).toString('base64') }
    : { text };
}

export function restoreContent(content: SavedContent): Uint8Array {
  return 'text' in content ? Buffer.from(content.text) : Buffer.from(content.base64, 'base64');
}
