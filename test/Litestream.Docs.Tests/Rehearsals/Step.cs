namespace Litestream.Docs.Rehearsals;

/// <summary>One block of a document, as a reader would carry it out.</summary>
/// <param name="Text">The commands, or the contents of <paramref name="File"/>.</param>
/// <param name="Output">The lines of the block <c>text</c> behind it: what the document says that is seen.</param>
internal sealed record Step(StepKind Kind, string Text, string File, IReadOnlyList<string> Output);
