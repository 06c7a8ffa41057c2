namespace Litestream.Hosting;

public sealed class RowOfCanary
{
    public int Id { get; set; }

    public string Text { get; set; } = "";
}
