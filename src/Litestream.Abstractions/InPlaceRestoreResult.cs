namespace Litestream;

/// <summary>What an in-place restore did.</summary>
/// <param name="PreviousPath">
/// The database as it was before, whole in one file beside it; null if there was none. <see cref="ILitestreamDatabase.UndoRestoreAsync"/>
/// puts it back. Nobody but you deletes it.
/// </param>
/// <param name="Restored">What was restored; null for an undo.</param>
public sealed record InPlaceRestoreResult(string? PreviousPath, RestoreResult? Restored);
