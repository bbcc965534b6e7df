/* Block devices and files: what the arguments of the io provider are given as. */
typedef struct bufinfo {
	int b_flags;		/* B_* */
	size_t b_bcount;	/* bytes */
	caddr_t b_addr;
	uint64_t b_lblkno;	/* block, within the file */
	uint64_t b_blkno;	/* block, within the device */
	size_t b_resid;		/* bytes not done */
	size_t b_bufsize;
	uintptr_t b_iodone;
	int b_error;
	dev_t b_edev;
} bufinfo_t;

inline int B_WRITE = 0x000001;
inline int B_READ = 0x000002;
inline int B_PHYS = 0x000004;
inline int B_PAGEIO = 0x000010;
inline int B_ASYNC = 0x000100;

typedef struct devinfo {
	int dev_major;
	int dev_minor;
	int dev_instance;
	string dev_name;
	string dev_statname;
	string dev_pathname;
} devinfo_t;

typedef struct fileinfo {
	string fi_name;
	string fi_dirname;
	string fi_pathname;
	loff_t fi_offset;
	string fi_fs;		/* the file system's type */
	string fi_mount;
	int fi_oflags;		/* O_* */
} fileinfo_t;

translator devinfo_t < dev_t device > {
	dev_major = getmajor(device);
	dev_minor = getminor(device);
	dev_instance = 0;
	dev_name = "";
	dev_statname = "";
	dev_pathname = "";
};

/* A path that a script has: fi_name and fi_dirname are its parts. */
translator fileinfo_t < string path > {
	fi_name = basename(path);
	fi_dirname = dirname(path);
	fi_pathname = path;
	fi_offset = 0;
	fi_fs = "";
	fi_mount = "";
	fi_oflags = 0;
};

/* Linux's requests: those with an odd operation carry data to the device. */
translator bufinfo_t < struct bio *bio > {
	b_flags = (bio->bi_opf & 1) != 0 ? B_WRITE : B_READ;
	b_bcount = bio->bi_iter.bi_size;
	b_addr = 0;
	b_lblkno = 0;
	b_blkno = bio->bi_iter.bi_sector;
	b_resid = 0;
	b_bufsize = bio->bi_iter.bi_size;
	b_iodone = (uintptr_t)bio->bi_end_io;
	b_error = bio->bi_status;
	b_edev = bio->bi_bdev->bd_dev;
};

translator devinfo_t < struct bio *bio > {
	dev_major = getmajor(bio->bi_bdev->bd_dev);
	dev_minor = getminor(bio->bi_bdev->bd_dev);
	dev_instance = 0;
	dev_name = stringof(bio->bi_bdev->bd_disk->disk_name);
	dev_statname = stringof(bio->bi_bdev->bd_disk->disk_name);
	dev_pathname = strjoin("/dev/", stringof(bio->bi_bdev->bd_disk->disk_name));
};

/* Which file it is for, a request does not say. */
translator fileinfo_t < struct bio *bio > {
	fi_name = "<none>";
	fi_dirname = "<none>";
	fi_pathname = "<none>";
	fi_offset = 0;
	fi_fs = "<none>";
	fi_mount = "<none>";
	fi_oflags = 0;
};

provider io {
	probe start(struct bio *bio) : (bufinfo_t *bio, devinfo_t *bio, fileinfo_t *bio);
	probe done(struct bio *bio) : (bufinfo_t *bio, devinfo_t *bio, fileinfo_t *bio);
};
