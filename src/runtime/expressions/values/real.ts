/**
 * A floating-point number whose value is whole, such as `2.0`. JavaScript has one kind of number; Pebble has two,
 * and `7 / 2` is 3 while `7 / 2.0` is 3.5. Every other number is what it looks like, so only this case needs a mark.
 */
export class Real {
  private constructor(readonly value: number) {}

  /** `value` as a floating-point number. */
  static of(value: number): number | Real {
    return Number.isInteger(value) ? new Real(value) : value;
  }
}
