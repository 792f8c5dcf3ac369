import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { FunctionDefinition } from '../arguments.js';
import { Fault } from '../fault.js';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const NANO_ID_ALPHABET = `${BASE62}_-`;
/** 13 May 2014, where KSUIDs begin to count seconds. */
const KSUID_EPOCH_SECONDS = 1_400_000_000;
const LONGEST_ID = 1_000;

const uuid: FunctionDefinition = {
  parameters: [],
  call: (_args, { scope }) => scope.uuid?.() ?? randomUUID(),
};

/** A short id: 128 random bits in 22 letters and digits. */
const id: FunctionDefinition = { parameters: [], call: () => base62(randomBytes(16), 22) };

/** A K-sortable id: 32 bits of time, then 128 random ones, in 27 letters and digits. */
const ksuid: FunctionDefinition = {
  parameters: [],
  call: (_args, { scope }) => {
    const bytes = Buffer.concat([Buffer.alloc(4), randomBytes(16)]);
    const now = (scope.now?.() ?? new Date()).getTime();
    bytes.writeUInt32BE(Math.max(0, Math.floor(now / 1000) - KSUID_EPOCH_SECONDS) % 2 ** 32);
    return base62(bytes, 27);
  },
};

const nanoId: FunctionDefinition = {
  parameters: ['length', 'alphabet'],
  call: (args) => {
    const length = args.integer('length') ?? 21;
    const letters = [...(args.text('alphabet') ?? NANO_ID_ALPHABET)];
    if (length < 1 || length > LONGEST_ID) throw new Fault(`the length must be from 1 to ${LONGEST_ID}`);
    if (letters.length === 0) throw new Fault('the alphabet must not be empty');
    return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
  },
};

/** From `lower` up to but not including `upper`. */
const randomInteger: FunctionDefinition = {
  parameters: ['lower', 'upper'],
  required: 2,
  call: (args) => {
    const [lower, upper] = [args.requiredInteger('lower'), args.requiredInteger('upper')];
    if (upper < lower) throw new Fault('"upper" must not be below "lower"');
    if (upper - lower >= 2 ** 48) throw new Fault('"lower" and "upper" are too far apart');
    return lower === upper ? lower : randomInt(lower, upper);
  },
};

function base62(bytes: Buffer, length: number): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (; rest > 0n; rest /= 62n) text = BASE62.charAt(Number(rest % 62n)) + text;
  return text.padStart(length, '0');
}

export const IDENTIFIER_FUNCTIONS: Readonly<Record<string, FunctionDefinition>> = {
  uuid,
  id,
  ksuid,
  nanoId,
  randomInt: randomInteger,
};
