namespace Litestream.AspNetCore.StatusPage;

/// <summary>A database that a restore in place put aside.</summary>
/// <param name="File">The name of its file, beside the database.</param>
/// <param name="At">When it was put aside.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record PreviousDatabase(string File, DateTimeOffset At, long Bytes);
