namespace Litestream.Hosting;

public sealed class LedgerEntry
{
    public int Id { get; set; }

    public string Text { get; set; } = "";
}
