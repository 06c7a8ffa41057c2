namespace Orders;

public sealed record Order(long Id, string Item);
