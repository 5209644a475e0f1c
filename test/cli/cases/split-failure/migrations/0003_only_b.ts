export async function up(db, ctx) { if (ctx.shard.name === 'b') throw new Error('not on b'); }
