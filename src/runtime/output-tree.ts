type Tree = Record<string, unknown>;

/**
 * The outputs of the tasks that have ended, as expressions see them: by task id and, inside `ForEach`, below that by
 * the values of the iterations around the task, outermost first (`outputs.task[taskrun.value].x`), as Kestra has them.
 */
export class OutputTree {
  // Without a prototype, an iteration over the value "__proto__" is a key like any other.
  readonly #own: Tree = Object.create(null) as Tree;
  readonly #outer: OutputTree | null;

  /** With `outer`, a tree that sees the outer outputs and keeps its own to itself. */
  constructor(outer: OutputTree | null = null) {
    this.#outer = outer;
  }

  set(taskId: string, values: readonly string[], outputs: Readonly<Record<string, unknown>>): void {
    let node = this.#own;
    for (const name of [taskId, ...values]) {
      const below = node[name];
      const next = isTree(below) ? below : (Object.create(null) as Tree);
      node[name] = next;
      node = next;
    }
    Object.assign(node, outputs);
  }

  view(): Readonly<Tree> {
    return Object.assign(Object.create(null) as Tree, this.#outer?.view(), this.#own);
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}
