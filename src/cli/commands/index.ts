import type { CommandEntry } from '../command.js';
import { baseline } from './baseline.js';
import { create } from './create.js';
import { down } from './down.js';
import { init } from './init.js';
import { lockRelease, lockShow } from './lock.js';
import { log } from './log.js';
import { plan } from './plan.js';
import { redo } from './redo.js';
import { repair } from './repair.js';
import { shards } from './shards.js';
import { status } from './status.js';
import { up } from './up.js';
import { verify } from './verify.js';

/** Every command, in the order of the help. One small file each: loading them singly would cost more. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'write a config and a first migration',
    task: 'Start',
    command: init,
  },
  {
    name: 'migrate create',
    args: '<description...>',
    summary: 'write a new, empty migration',
    task: 'Start',
    command: create,
  },
  {
    name: 'migrate status',
    summary: 'what is applied and what is pending, on every shard',
    task: 'Look',
    command: status,
  },
  {
    name: 'migrate plan',
    summary: 'what up or down would run, statement by statement',
    task: 'Look',
    command: plan,
  },
  {
    name: 'migrate verify',
    summary: 'compare applied migrations with the files, and shards with each other',
    task: 'Look',
    command: verify,
  },
  {
    name: 'migrate log',
    summary: 'everything that was ever done to the shards, by time',
    task: 'Look',
    command: log,
  },
  {
    name: 'shards',
    summary: 'list the shards and reach each of them',
    task: 'Look',
    command: shards,
  },
  {
    name: 'lock show',
    summary: 'who holds the shards, since when, and whether that one is alive',
    task: 'Look',
    command: lockShow,
  },
  {
    name: 'migrate up',
    summary: 'apply pending migrations',
    task: 'Change',
    command: up,
  },
  {
    name: 'migrate down',
    summary: 'revert the newest migration, or more',
    task: 'Change',
    command: down,
  },
  {
    name: 'migrate redo',
    summary: 'revert the newest migrations and apply them again',
    task: 'Change',
    command: redo,
  },
  {
    name: 'migrate repair',
    summary: 'correct the record after looking at the database',
    task: 'Change',
    command: repair,
  },
  {
    name: 'migrate baseline',
    args: '<version>',
    summary: 'mark everything up to a version as applied without running it',
    task: 'Change',
    command: baseline,
  },
  {
    name: 'lock release',
    summary: 'free shards whose holder is gone',
    task: 'Change',
    command: lockRelease,
  },
];
