namespace Orders;

public sealed record NewOrder(string? Item);
