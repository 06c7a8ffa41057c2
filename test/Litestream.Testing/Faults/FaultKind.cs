namespace Litestream.Testing.Faults;

/// <summary>What goes wrong with a call. A kind that makes no sense for the operation leaves the call alone.</summary>
public enum FaultKind
{
    /// <summary>Refused before it had an effect, for the moment: 503, 429.</summary>
    FailBefore,

    /// <summary>It had its effect, and the answer was lost.</summary>
    FailAfter,

    /// <summary>No answer within the time, no effect.</summary>
    TimeOut,

    /// <summary>No answer at all, until the caller gives up.</summary>
    Hang,

    /// <summary>Refused before it had an effect, and will be refused again: 403.</summary>
    Deny,

    /// <summary>
    /// The connection breaks midway: a body ends in an IOException, a listing in an error, a write is not stored, of several
    /// keys the first half is deleted.
    /// </summary>
    Reset,

    /// <summary>A body or a listing ends midway, and nothing says so.</summary>
    Truncate,

    /// <summary>
    /// A write times out and takes effect some calls later, if its condition still holds; a listing does not show the last
    /// writes yet.
    /// </summary>
    Late,

    /// <summary>A listing in no order.</summary>
    Shuffle,

    /// <summary>A listing that shows every entry twice.</summary>
    Twice,

    /// <summary>A listing that shows nothing.</summary>
    Hide,

    /// <summary>Another writer creates the object just before a conditional write.</summary>
    Race,
}
