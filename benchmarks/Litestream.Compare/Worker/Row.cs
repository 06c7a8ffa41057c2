namespace Litestream.Compare.Worker;

/// <summary>What Entity Framework Core inserts.</summary>
internal sealed class Row
{
    public long Id { get; set; }

    public required byte[] V { get; set; }
}
