import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { LeaseHolder } from '../ledger/lease.js';

/**
 * Names a process beyond its pid, which is used again: start time (proc(5), field 22), boot and pid namespace where the
 * system tells (Linux). Undefined when there is no such process.
 */
export function processMark(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended: only its parent has not looked yet.
    if (fields[0] === 'Z') return undefined;
    return `${pid}@${fields[19]}~${place()}`;
  } catch {
    return `${pid}`;
  }
}

/** Boot and pid namespace: a pid means the same process only where both are equal. */
function place(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  return `${boot}.${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`;
}

/** Whether the holder's process runs; undefined where it is one of another machine. */
export function isRunning(lease: LeaseHolder): boolean | undefined {
  if (lease.host !== hostname() || lease.pid === null || lease.mark === null) return undefined;
  const [, elsewhere] = lease.mark.process.split('~');
  const [, here] = (processMark(process.pid) ?? '').split('~');
  return elsewhere === here ? processMark(lease.pid) === lease.mark.process : undefined;
}

/** The holder was a process of this very machine, and it is gone. */
export function isGone(lease: LeaseHolder): boolean {
  return isRunning(lease) === false;
}

/** The holder is this process itself. */
export function isOwn(lease: LeaseHolder): boolean {
  return lease.host === hostname() && lease.mark?.process === processMark(process.pid);
}

/** `user@host`. */
export function actor(): string {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // A container may run under a uid that has no name.
  }
  return `${user}@${hostname()}`;
}
