namespace Notes;

public sealed record NewNoteRequest(string? Text);
