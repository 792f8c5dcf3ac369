// AssemblyScript, compiled by scripts/compile-wasm.js into ../sort-rows-wasm.ts. Not part of the TypeScript program.
//
// Sorts ids, brings tables into their order, and puts rows where they belong. Most processes do that once, with code
// that has not run before, and for ten thousand rows JavaScript's interpreter needs longer than for all else that a
// table asks for.

/** Where the memory begins that the host may use. */
export const heap: usize = 25600;

const digitBits: u32 = 11;
const digitValues: u32 = 1 << digitBits;
const digits: u32 = 3;
/** For each value of each digit: where the next row that has it goes. */
const places: usize = memory.data(<i32>(digits * digitValues * 4), 8);

/**
 * Sorts ids of twenty bytes by their first four; such as begin alike keep their order.
 * @param order gets the ids' places in their new order, a word each
 * @param heads gets their first four bytes as numbers in that order
 * @param spare room for sixteen bytes an id
 * @returns how many ids begin as the one before them does
 */
export function sortByHead(oids: usize, count: u32, order: usize, heads: usize, spare: usize): u32 {
  let from = spare;
  let to = spare + (<usize>count << 3);
  memory.fill(places, 0, digits * digitValues * 4);
  for (let row: u32 = 0; row < count; row++) {
    const head = bswap<u32>(load<u32>(oids + row * 20));
    store<u64>(from + (row << 3), (<u64>head << 32) | row);
    for (let digit: u32 = 0; digit < digits; digit++) {
      const place = placeOf(head, digit);
      store<u32>(place, load<u32>(place) + 1);
    }
  }
  for (let digit: u32 = 0; digit < digits; digit++) {
    let below: u32 = 0;
    const end = places + (digit + 1) * digitValues * 4;
    for (let place = places + digit * digitValues * 4; place < end; place += 4) {
      const rows = load<u32>(place);
      store<u32>(place, below);
      below += rows;
    }
    for (let row: u32 = 0; row < count; row++) {
      const pair = load<u64>(from + (row << 3));
      const place = placeOf(<u32>(pair >> 32), digit);
      const next = load<u32>(place);
      store<u64>(to + (next << 3), pair);
      store<u32>(place, next + 1);
    }
    const swap = from;
    from = to;
    to = swap;
  }
  let alike: u32 = 0;
  for (let row: u32 = 0; row < count; row++) {
    const pair = load<u64>(from + (row << 3));
    const head = <u32>(pair >> 32);
    store<u32>(order + (row << 2), <u32>pair);
    store<u32>(heads + (row << 2), head);
    if (row > 0 && head == load<u32>(heads + ((row - 1) << 2))) alike++;
  }
  return alike;
}

function placeOf(head: u32, digit: u32): usize {
  return places + (digit * digitValues + ((head >> (digit * digitBits)) & (digitValues - 1))) * 4;
}

/**
 * Copies rows in another order.
 * @param words of a row
 * @param toWords from the beginning of one copied row to that of the next
 */
export function copyRows(from: usize, words: u32, order: usize, count: u32, to: usize, toWords: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    const source = from + load<u32>(order + (row << 2)) * words * 4;
    const target = to + row * toWords * 4;
    for (let byte: u32 = 0; byte < words * 4; byte += 4) store<u32>(target + byte, load<u32>(source + byte));
  }
}

/**
 * Copies rows to places of their own.
 * @param words of a row
 * @param places a word for each row: where it goes, counted in bytes from `to`
 */
export function scatterRows(from: usize, words: u32, places: usize, count: u32, to: usize): void {
  for (let row: u32 = 0; row < count; row++) {
    const source = from + row * words * 4;
    const target = to + load<u32>(places + (row << 2));
    for (let byte: u32 = 0; byte < words * 4; byte += 4) store<u32>(target + byte, load<u32>(source + byte));
  }
}
