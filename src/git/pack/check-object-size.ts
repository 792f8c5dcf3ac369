import { LimitExceededError } from '../../errors.js';

/** @throws LimitExceededError */
export function checkObjectSize(size: number, maxObjectBytes: number): void {
  if (size <= maxObjectBytes) return;
  throw new LimitExceededError(`An object of the pack is larger than ${maxObjectBytes} bytes.`, {
    hint: 'Raise the limit "maxObjectBytes".',
    data: { limit: 'maxObjectBytes', value: maxObjectBytes },
  });
}
