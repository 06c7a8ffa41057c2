namespace Litestream.AspNetCore.StatusPage;

/// <summary>Something that is not as it should be, and what helps.</summary>
/// <param name="Health">How bad it is.</param>
/// <param name="Replica">The replica that it is about; null for the database.</param>
/// <param name="Text">What is wrong.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record PageProblem(PageHealth Health, string? Replica, string Text, string Remedy);
