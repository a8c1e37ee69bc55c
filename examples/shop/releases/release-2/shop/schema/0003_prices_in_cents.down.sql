-- Write the texts anew from the cents, which release 2 holds for the truth, then drop the split.
DROP TRIGGER order_lines_of_release_1;
UPDATE products SET
    price = printf('%s %d.%02d', currency, price_cents / 100, price_cents % 100);
ALTER TABLE products DROP COLUMN price_cents;
ALTER TABLE products DROP COLUMN currency;
UPDATE order_lines SET
    price = printf('%s %d.%02d', currency, price_cents / 100, price_cents % 100);
ALTER TABLE order_lines DROP COLUMN price_cents;
ALTER TABLE order_lines DROP COLUMN currency;
