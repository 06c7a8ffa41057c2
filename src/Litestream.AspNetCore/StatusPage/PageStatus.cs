namespace Litestream.AspNetCore.StatusPage;

/// <summary>The answer of <c>status</c>: how replication stands. Its shape is documented in docs/status-page.md; members are only ever added.</summary>
internal sealed record PageStatus
{
    /// <summary>Of the shape.</summary>
    public int Version { get; init; } = 1;

    public required DateTimeOffset Time { get; init; }

    /// <summary>That of the worst database.</summary>
    public required PageHealth Health { get; init; }

    public required string Summary { get; init; }

    /// <summary>How many databases there are, shown or not.</summary>
    public required int DatabaseCount { get; init; }

    /// <summary>In order of name; the worst first where not all are shown.</summary>
    public required IReadOnlyList<PageDatabase> Databases { get; init; }

    public required PageAllows Allows { get; init; }

    /// <summary>The newest restore that was begun from the page.</summary>
    public PageJobReport? Job { get; init; }
}
