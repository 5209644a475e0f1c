import { defineMigration } from 'dbpat';

const products = [
  { id: 1, title: 'Kettle', price_cents: 3900 },
  { id: 2, title: 'Teapot', price_cents: 2450 },
  { id: 3, title: 'Cup', price_cents: 600 },
];

/** A data migration: it reads, computes and writes, in one transaction with its record. */
export default defineMigration({
  async up(db, ctx) {
    await db.insertInto('products').values(products).execute();
    const rows = await db.selectFrom('products').select(['id', 'price_cents']).execute();
    const total = rows.reduce((sum, row) => sum + Number(row.price_cents), 0);
    ctx.log(`${rows.length} products worth ${(total / 100).toFixed(2)} on ${ctx.shard.name}`);
  },
  async down(db) {
    await db
      .deleteFrom('products')
      .where(
        'id',
        'in',
        products.map((product) => product.id),
      )
      .execute();
  },
});
