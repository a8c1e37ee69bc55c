CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    price TEXT NOT NULL,  -- currency and amount: 'EUR 12.50'
    stock INTEGER NOT NULL CHECK (stock >= 0)
);
INSERT INTO products (name, description, price, stock) VALUES
    ('Espresso cup', 'Stoneware, 60 ml, made to be dropped once.', 'EUR 12.50', 40),
    ('Moka pot', 'Aluminium, three cups, whistles when proud.', 'EUR 28.00', 25),
    ('Hand grinder', 'Steel burrs, forty turns to a cup.', 'EUR 64.90', 12),
    ('Linen apron', 'Two pockets, one for the good spoon.', 'EUR 35.05', 18),
    ('Beans, 1 kg', 'Arabica and a little courage.', 'EUR 21.99', 100),
    ('Sugar tongs', 'For one lump or two.', 'EUR 0.95', 300);
