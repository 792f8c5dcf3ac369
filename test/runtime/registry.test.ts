import { describe, expect, it } from 'vitest';
import { UnknownTaskTypeError } from '../../src/errors.js';
import { TaskRegistry } from '../../src/runtime/registry.js';
import { coreTasks, ForEach, Log } from '../../tasks/core/index.js';

const registry = new TaskRegistry(coreTasks);

describe('task registry', () => {
  it('finds a type by its canonical name, by the spelling of Kestra, and by alias', () => {
    for (const name of ['core.log.Log', 'io.kestra.plugin.core.log.Log', 'io.kestra.core.tasks.log.Log']) {
      expect(registry.get(name)).toBe(Log);
      expect(registry.canonical(name)).toBe('core.log.Log');
    }
    expect(registry.get('io.kestra.plugin.core.flow.EachSequential')).toBe(ForEach);
    expect(registry.canonical('x.Unknown')).toBe('x.Unknown');
    expect(registry.find('x.Unknown')).toBeNull();
    expect(registry.find('__proto__')).toBeNull();
  });

  it('lists its types sorted', () => {
    const names = registry.list().map((type) => type.type);
    expect(names).toEqual([...names].sort());
    expect(names).toHaveLength(coreTasks.length);
  });

  it('says what it does not have, and what was meant when it can tell', () => {
    expect(() => registry.get('core.log.Logg')).toThrow(UnknownTaskTypeError);
    expect(() => registry.get('aws.s3.Upload')).toThrow(
      'This engine does not have the task type aws.s3.Upload.',
    );
    const hint = (name: string) => {
      try {
        registry.get(name);
      } catch (error) {
        return (error as UnknownTaskTypeError).hint;
      }
      return null;
    };
    expect(hint('io.kestra.plugin.core.flow.Foreach')).toContain('core.flow.ForEach');
    expect(hint('aws.s3.Upload')).toBe('"flowgit tasks" lists the ones it has.');
  });

  it('refuses two classes of one name', () => {
    expect(() => new TaskRegistry([Log, Log])).toThrow('claimed by two classes');
  });
});
