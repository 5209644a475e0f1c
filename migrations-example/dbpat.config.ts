import { defineConfig } from 'dbpat';

export default defineConfig({
  migrations: 'migrations',
  shards: [
    { name: 'eu-1', url: 'sqlite:data/eu-1.db', group: 'eu' },
    { name: 'eu-2', url: 'sqlite:data/eu-2.db', group: 'eu' },
    { name: 'us-1', url: 'sqlite:data/us-1.db', group: 'us' },
  ],
});
