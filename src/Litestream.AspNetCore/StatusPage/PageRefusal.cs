namespace Litestream.AspNetCore.StatusPage;

/// <summary>Something that is not done, and why.</summary>
internal sealed class PageRefusal : Exception
{
    public PageRefusal(int status, string message)
        : base(message) => Status = status;

    /// <summary>The status code of the answer.</summary>
    public int Status { get; }
}
