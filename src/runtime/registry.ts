import { UnknownTaskTypeError } from '../errors.js';
import { nearestName } from './expressions/nearest.js';
import type { TaskType } from './task.js';

const kestraPrefix = 'io.kestra.plugin.';

/** A task class of whatever properties and output. */
export type AnyTaskType = Omit<TaskType, 'prototype'> & (new (properties: never) => InstanceType<TaskType>);

/** The task types one engine has, found by canonical type, by Kestra's spelling of it, and by alias. */
export class TaskRegistry {
  readonly #byName = new Map<string, AnyTaskType>();
  readonly #types: readonly AnyTaskType[];

  /** @throws Error when two classes claim one name: that is a mistake in the list, not in a flow. */
  constructor(types: readonly AnyTaskType[]) {
    this.#types = [...types].sort((a, b) => (a.type < b.type ? -1 : 1));
    for (const type of this.#types) {
      for (const name of namesOf(type)) {
        const other = this.#byName.get(name);
        if (other !== undefined) throw new Error(`Task type "${name}" is claimed by two classes`);
        this.#byName.set(name, type);
      }
    }
  }

  /** Every task type, sorted. */
  list(): readonly AnyTaskType[] {
    return this.#types;
  }

  find(name: string): AnyTaskType | null {
    return this.#byName.get(name) ?? null;
  }

  /** @throws UnknownTaskTypeError */
  get(name: string): AnyTaskType {
    const type = this.find(name);
    if (type === null) {
      throw new UnknownTaskTypeError(`This engine does not have the task type ${name}.`, {
        hint: this.#hint(name),
        data: { type: name },
      });
    }
    return type;
  }

  /** The name a report uses: the canonical type when the task is known, otherwise the name as written. */
  canonical(name: string): string {
    return this.find(name)?.type ?? name;
  }

  /** All spellings of one type; the name itself, with and without Kestra's prefix, when it is unknown. */
  spellings(name: string): string[] {
    const type = this.find(name);
    return type === null ? bothSpellings(name) : namesOf(type);
  }

  /**
   * The task type that a name which is none was probably meant to be. Both the whole and its last part have to be
   * similar: other plugins have long names that differ from ours in little but that.
   */
  nearest(name: string): string | null {
    const types = this.#types.map((type) => type.type);
    const nearest = nearestName(withoutPrefix(name), types);
    if (nearest === null || nearestName(lastPart(name), [lastPart(nearest)]) === null) return null;
    return name.startsWith(kestraPrefix) ? `${kestraPrefix}${nearest}` : nearest;
  }

  #hint(name: string): string {
    const all = '"flowgit tasks" lists the ones it has.';
    const nearest = this.nearest(name);
    return nearest === null ? all : `Did you mean ${nearest}? ${all}`;
  }
}

function namesOf(type: AnyTaskType): string[] {
  return [...new Set([type.type, ...(type.aliases ?? [])].flatMap(bothSpellings))];
}

/** `git.SyncFlows` and `io.kestra.plugin.git.SyncFlows` are one type. */
export function bothSpellings(name: string): string[] {
  if (name.startsWith(kestraPrefix)) return [name, withoutPrefix(name)];
  // Older Kestra types such as `io.kestra.core.tasks.log.Log` have no short form.
  return name.startsWith('io.kestra.') ? [name] : [name, `${kestraPrefix}${name}`];
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function withoutPrefix(name: string): string {
  return name.startsWith(kestraPrefix) ? name.slice(kestraPrefix.length) : name;
}
