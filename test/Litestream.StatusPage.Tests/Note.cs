namespace Litestream.StatusPage;

public sealed class Note
{
    public long Id { get; set; }

    public required string Text { get; set; }
}
