namespace Litestream.Replication;

/// <summary>When a replica is looked at, whether it still holds what it is believed to hold. Thread-safe.</summary>
/// <param name="interval">So often in any case.</param>
/// <param name="time">The clock.</param>
internal sealed class InspectionSchedule(Setting<TimeSpan> interval, TimeProvider time)
{
    /// <summary>
    /// After so long without an upload somebody else may have taken over: another host, or the one that this machine was
    /// copied from.
    /// </summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    /// <summary>While something is uploaded, the names of the generations are listed so often: another one shows soon, for one request.</summary>
    public static readonly TimeSpan Watch = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private long? _inspected;
    private long? _contact;
    private long? _failed;
    private long? _watched;
    private bool _hasUploaded; // since then

    /// <summary>True before the first upload of this process into a generation that an earlier one began, and after a pause.</summary>
    public bool IsDueBeforeUpload
    {
        get
        {
            lock (_lock)
            {
                return _contact is not { } contact || time.GetElapsedTime(contact) >= Idle;
            }
        }
    }

    /// <summary>How long until a look is due.</summary>
    public TimeSpan UntilDue
    {
        get
        {
            lock (_lock)
            {
                var due = _inspected is { } inspected ? interval.Value - time.GetElapsedTime(inspected) : TimeSpan.Zero;
                return After(due);
            }
        }
    }

    /// <summary>How long until the names of the generations are due; infinite until something is uploaded.</summary>
    public TimeSpan UntilWatch
    {
        get
        {
            lock (_lock)
            {
                return !_hasUploaded ? Timeout.InfiniteTimeSpan
                    : After(_watched is { } watched ? Watch - time.GetElapsedTime(watched) : TimeSpan.Zero);
            }
        }
    }

    /// <summary>A generation is gone on with that this process did not begin: nothing is known of the replica but its end.</summary>
    public void Resumed()
    {
        lock (_lock)
        {
            (_inspected, _contact) = (null, null);
        }
    }

    /// <summary>Something of ours is there since now.</summary>
    public void Uploaded()
    {
        lock (_lock)
        {
            _contact = time.GetTimestamp();
            _inspected ??= _contact;
            _hasUploaded = true;
        }
    }

    /// <summary>It was looked at.</summary>
    public void Inspected()
    {
        lock (_lock)
        {
            (_inspected, _contact, _failed) = (time.GetTimestamp(), time.GetTimestamp(), null);
            (_watched, _hasUploaded) = (_inspected, false);
        }
    }

    /// <summary>The names of the generations were listed.</summary>
    public void Watched()
    {
        lock (_lock)
        {
            (_watched, _hasUploaded) = (time.GetTimestamp(), false);
        }
    }

    /// <summary>It could not be looked at.</summary>
    public void Failed()
    {
        lock (_lock)
        {
            _failed = time.GetTimestamp();
        }
    }

    /// <summary>Not before the pause after a failure. Under the lock.</summary>
    private TimeSpan After(TimeSpan due)
    {
        var pause = _failed is { } failed ? RetryPolicies.MaxDelay - time.GetElapsedTime(failed) : TimeSpan.Zero;
        due = due > pause ? due : pause;
        return due > TimeSpan.Zero ? due : TimeSpan.Zero;
    }
}
