inline int x = 3;
