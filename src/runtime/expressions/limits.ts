import { Fault } from './fault.js';

/** Bounds that keep one property from exhausting the process. They are far above what real flows need. */
export const LIMITS = {
  /** Nodes evaluated, loop turns and list elements made, counted together. */
  steps: 1_000_000,
  /** UTF-16 units in one string, and in everything one template prints. */
  characters: 10_000_000,
  /** Brackets, arguments and blocks inside each other, in the source. */
  nesting: 100,
  /** Height of an expression's tree: `a ~ b ~ c` is three high. */
  treeHeight: 500,
  /** Lists and maps inside each other, in a value that is printed or compared. */
  valueDepth: 200,
  /** `render(…)` inside what `render(…)` rendered. */
  renderDepth: 10,
  /** Times `render(…)` renders its own result again before it gives up. */
  renderRounds: 20,
} as const;

/** What is left of the bounds for one evaluation; shared with everything `render(…)` starts. */
export class Budget {
  #steps: number = LIMITS.steps;

  /** Takes `count` steps, or fails when none are left. */
  spend(count = 1): void {
    this.#steps -= count;
    if (this.#steps < 0) {
      throw new Fault(`it needs more than ${LIMITS.steps.toLocaleString('en')} steps`, {
        hint: 'Loop over less, or move this work into a task.',
      });
    }
  }

  /** Fails when a string of `characters` units would be too long to make. */
  fits(characters: number): void {
    if (characters > LIMITS.characters) {
      throw new Fault(`its text is longer than ${LIMITS.characters.toLocaleString('en')} characters`, {
        hint: 'Pass large content as a file instead of as text.',
      });
    }
  }
}
