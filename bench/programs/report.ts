import type { ProgramReport } from './jobs.js';

/** What a job did, and what of its time was preparation. */
export interface Done {
  written: number;
  setupMs: number;
}

/**
 * Runs a job once and sends a report; with `repeat` once for every message from the parent, until the parent hangs up.
 * `prepare` runs before the first one and is not measured.
 */
export async function report(
  repeat: boolean,
  job: () => Promise<Done>,
  prepare?: () => Promise<void>,
): Promise<void> {
  if (!repeat) {
    send(await measured(job));
    process.disconnect();
    return;
  }
  await prepare?.();
  process.on('message', () => {
    measured(job).then(send, (error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
  process.send?.('ready');
}

async function measured(job: () => Promise<Done>): Promise<ProgramReport> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { written, setupMs } = await job();
  const jobMs = performance.now() - start - setupMs;
  const { user, system } = process.cpuUsage(cpu);
  const peakRssMb = process.resourceUsage().maxRSS / 1024;
  return { jobMs, setupMs, written, cpuMs: (user + system) / 1000, peakRssMb };
}

function send(report: ProgramReport): void {
  process.send?.(report);
}
