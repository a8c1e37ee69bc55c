-- Split 'EUR 12.50' into a currency and cents: the first half of expand and contract.
-- The text stays until a later release drops it, because release 1 keeps selling on this schema
-- while it is being replaced, and again after a rollback.
ALTER TABLE products ADD COLUMN currency TEXT NOT NULL DEFAULT 'EUR';
ALTER TABLE products ADD COLUMN price_cents INTEGER NOT NULL DEFAULT 0;
UPDATE products SET
    currency = substr(price, 1, 3),
    price_cents = CAST(round(CAST(substr(price, 5) AS REAL) * 100) AS INTEGER);
ALTER TABLE order_lines ADD COLUMN currency TEXT NOT NULL DEFAULT 'EUR';
ALTER TABLE order_lines ADD COLUMN price_cents INTEGER;
UPDATE order_lines SET
    currency = substr(price, 1, 3),
    price_cents = CAST(round(CAST(substr(price, 5) AS REAL) * 100) AS INTEGER);
-- Release 1 writes the text alone; release 2 writes both.
CREATE TRIGGER order_lines_of_release_1 AFTER INSERT ON order_lines
WHEN NEW.price_cents IS NULL
BEGIN
    UPDATE order_lines SET
        currency = substr(NEW.price, 1, 3),
        price_cents = CAST(round(CAST(substr(NEW.price, 5) AS REAL) * 100) AS INTEGER)
    WHERE rowid = NEW.rowid;
END;
