namespace Litestream.Docs.Examples;

public sealed class Order
{
    public long Id { get; set; }
}
