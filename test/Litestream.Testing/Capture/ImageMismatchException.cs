namespace Litestream.Testing.Capture;

/// <summary>The shadow, replayed, is not the database: a commit was lost, or something was captured that is none.</summary>
public sealed class ImageMismatchException(string message) : Exception(message);
