/** Why a signature is not taken. */
export type RefusalReason =
  | 'UNSIGNED'
  | 'UNKNOWN_KEY'
  | 'BAD_SIGNATURE'
  | 'INVALID_KEY'
  | 'MALFORMED'
  | 'WRONG_OBJECT';

/** A signature that is not taken, before it is known in whose name; the message goes on from "… is refused: ". */
export class Refusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
