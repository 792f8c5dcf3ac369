declare module 'bcrypt-pbkdf' {
  /** Fills `key`; answers 0, or another number when the arguments are out of bounds. */
  export function pbkdf(
    password: Uint8Array,
    passwordLength: number,
    salt: Uint8Array,
    saltLength: number,
    key: Uint8Array,
    keyLength: number,
    rounds: number,
  ): number;
}
