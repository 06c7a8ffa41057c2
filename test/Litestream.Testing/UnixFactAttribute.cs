namespace Litestream.Testing;

/// <summary>A test about access rights and the like that Windows does not have.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UnixFactAttribute : FactAttribute
{
    private bool _unprivileged;

    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows())
        {
            Skip = "needs a Unix system";
        }
    }

    /// <summary>True if the test is about permissions, from which the superuser is exempt.</summary>
    public bool Unprivileged
    {
        get => _unprivileged;
        set
        {
            _unprivileged = value;
            if (value && Environment.IsPrivilegedProcess)
            {
                Skip = "needs a user that is not root";
            }
        }
    }
}
