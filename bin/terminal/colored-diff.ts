import type { Colors } from 'picocolors/types.js';
import { plainText } from './plain-text.js';

/** A unified diff with the colours people know from `git diff`. */
export function coloredDiff(diff: string, colors: Colors): string {
  return plainText(diff)
    .split('\n')
    .map((line) => {
      if (line.startsWith('+++') || line.startsWith('---')) return colors.bold(line);
      if (line.startsWith('@@')) return colors.cyan(line);
      if (line.startsWith('+')) return colors.green(line);
      if (line.startsWith('-')) return colors.red(line);
      return line;
    })
    .join('\n');
}
