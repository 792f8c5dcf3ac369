import { flowSource } from '../support/world.js';

/** The flow that a pusher writes in a round. */
export function flowOfRound(id: string, round: number): string {
  return flowSource('dev', id, `# round ${round}\n`);
}
