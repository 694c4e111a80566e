create table bills (number int generated always as identity primary key, order_id int not null references orders);
