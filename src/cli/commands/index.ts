import type { CommandEntry } from '../command.js';

/** Every command, in the order of the help. Only the one that is used is loaded. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'write a config and a first migration',
    task: 'Start',
    load: async () => (await import('./init.js')).init,
  },
  {
    name: 'migrate create',
    args: '<description...>',
    summary: 'write a new, empty migration',
    task: 'Start',
    load: async () => (await import('./create.js')).create,
  },
  {
    name: 'migrate status',
    summary: 'what is applied and what is pending, on every shard',
    task: 'Look',
    load: async () => (await import('./status.js')).status,
  },
  {
    name: 'migrate plan',
    summary: 'what up or down would run, statement by statement',
    task: 'Look',
    load: async () => (await import('./plan.js')).plan,
  },
  {
    name: 'migrate verify',
    summary: 'compare applied migrations with the files, and shards with each other',
    task: 'Look',
    load: async () => (await import('./verify.js')).verify,
  },
  {
    name: 'migrate log',
    summary: 'everything that was ever done to the shards, by time',
    task: 'Look',
    load: async () => (await import('./log.js')).log,
  },
  {
    name: 'shards',
    summary: 'list the shards and reach each of them',
    task: 'Look',
    load: async () => (await import('./shards.js')).shards,
  },
  {
    name: 'migrate up',
    summary: 'apply pending migrations',
    task: 'Change',
    load: async () => (await import('./up.js')).up,
  },
  {
    name: 'migrate down',
    summary: 'revert the newest migration, or more',
    task: 'Change',
    load: async () => (await import('./down.js')).down,
  },
  {
    name: 'migrate redo',
    summary: 'revert the newest migrations and apply them again',
    task: 'Change',
    load: async () => (await import('./redo.js')).redo,
  },
  {
    name: 'migrate repair',
    summary: 'correct the record after looking at the database',
    task: 'Change',
    load: async () => (await import('./repair.js')).repair,
  },
];
