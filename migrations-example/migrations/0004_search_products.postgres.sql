-- Built without blocking writers; that cannot run in a transaction.
-- migrate:up transaction:false
create index concurrently products_title on products (lower(title));

-- migrate:down
drop index products_title;
