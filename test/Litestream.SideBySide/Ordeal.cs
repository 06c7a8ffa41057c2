namespace Litestream.SideBySide;

/// <summary>Something that happens to the application, the program or the replica, and what is then restored.</summary>
/// <param name="Id">For --only.</param>
/// <param name="Title">A row of the table.</param>
/// <param name="Story">What happens exactly, for the report.</param>
/// <param name="RunAsync">Makes it happen to one program.</param>
/// <param name="Rounds">How often; chance has a part in some.</param>
/// <param name="OfQuietDay">True to be given a copy of the replica of a day on which nothing went wrong.</param>
internal sealed record Ordeal(string Id, string Title, string Story, Func<Arena, Task> RunAsync, int Rounds = 1, bool OfQuietDay = false);
