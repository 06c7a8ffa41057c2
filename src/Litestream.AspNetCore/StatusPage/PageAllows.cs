namespace Litestream.AspNetCore.StatusPage;

/// <summary>What whoever asks may do.</summary>
internal sealed record PageAllows(bool Download, bool RestoreInPlace);
