import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ServerOptions {
  /** Directory whose repositories are served. */
  root: string;
  /** Delay of every request. */
  latencyMs: number;
  /** Program that git runs in place of `git pack-objects`, which it is given as arguments. */
  packObjectsHook: string | null;
}

/** What went over the wire; bytes are of bodies. */
export interface Traffic {
  requests: number;
  bytesDown: number;
  bytesUp: number;
}

export type ServerMessage = { url: string } | Traffic;

export interface Server {
  readonly url: string;
  /** The traffic since it was last asked for. */
  takeTraffic(): Promise<Traffic>;
  close(): Promise<void>;
}

/** Starts the real `git http-backend` on a free loopback port, in another process. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const program = fileURLToPath(new URL('server-process.ts', import.meta.url));
  const child = fork(program, [JSON.stringify(options)]);
  const exit = once(child, 'exit');
  const answer = async (): Promise<ServerMessage> => {
    const [message] = (await Promise.race([
      once(child, 'message'),
      exit.then(() => Promise.reject(new Error('The git server of the benchmark ended.'))),
    ])) as unknown[];
    return message as ServerMessage;
  };
  const started = await answer();
  if (!('url' in started)) throw new Error('The git server of the benchmark told no address.');
  return {
    url: started.url,
    async takeTraffic() {
      const answered = answer();
      child.send('traffic');
      const traffic = await answered;
      if ('url' in traffic) throw new Error('The git server of the benchmark told no traffic.');
      return traffic;
    },
    async close() {
      if (child.connected) child.disconnect();
      await exit;
    },
  };
}
