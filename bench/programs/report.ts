import { readFileSync } from 'node:fs';
import type { ProgramReport } from './jobs.js';

/** A job without preparations. */
export const noSetup = { setupMs: 0, setupCpuMs: 0 };

/** What a job did, and what of its time was preparation. */
export interface Done {
  written: number;
  setupMs: number;
  setupCpuMs: number;
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
    send(await measured(job, { user: 0, system: 0 }));
    process.disconnect();
    return;
  }
  await prepare?.();
  process.on('message', () => {
    measured(job, process.cpuUsage()).then(send, (error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
  process.send?.('ready');
}

async function measured(job: () => Promise<Done>, cpuBefore: NodeJS.CpuUsage): Promise<ProgramReport> {
  const start = performance.now();
  const { written, setupMs, setupCpuMs } = await job();
  const jobMs = performance.now() - start - setupMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { jobMs, setupMs, written, cpuMs: (user + system) / 1000 - setupCpuMs, peakRssMb: peakRssMb() };
}

/**
 * The most memory this process had. Linux hands `maxRSS` on from the process that started this one, which may have been
 * larger; its `VmHWM` (proc(5)) begins anew with each program.
 */
function peakRssMb(): number {
  try {
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (peak !== undefined) return Number(peak) / 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS / 1024;
}

function send(report: ProgramReport): void {
  process.send?.(report);
}
